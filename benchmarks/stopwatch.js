// Runs in the page before its own scripts: when the first data-channel or socket message comes,
// and when the microphone and the loudspeaker are loud, looked at every 10 ms.
(() => {
  const times = { first_event: 0, microphone: [], speaker: [] };
  window.__times = times;
  window.addEventListener("click", () => { times.clicked ??= performance.now(); }, true);
  const contexts = [];
  const watch = (stream, into) => {
    const context = new AudioContext();
    contexts.push(context);
    const analyser = context.createAnalyser();
    analyser.fftSize = 512;
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(512);
    setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      let sum = 0;
      for (const one of samples) sum += one * one;
      if (Math.sqrt(sum / 512) > 0.01) into.push(performance.now());
    }, 10);
  };
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wish) => {
    const stream = await ask(wish);
    watch(stream, times.microphone);
    return stream;
  };
  const Peer = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Peer {
    constructor(...given) {
      super(...given);
      this.addEventListener("track", (event) => watch(new MediaStream([event.track]), times.speaker));
    }
    createDataChannel(...given) {
      const channel = super.createDataChannel(...given);
      channel.addEventListener("message", () => { times.first_event ||= performance.now(); });
      return channel;
    }
  };
})();
