"""Sound as arrays of 16-bit samples: conversion, voice detection, pitch."""
