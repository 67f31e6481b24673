/** Whether the app on this machine answers; the exit code says it. For the container's health check. */

const port = process.env["PORT"]?.trim() || "8080";
try {
  const response = await fetch(`http://127.0.0.1:${port}/healthz`, {
    signal: AbortSignal.timeout(2500),
  });
  process.exitCode = response.ok ? 0 : 1;
} catch {
  process.exitCode = 1;
}
