// Listens to whatever the page plays, as a person's ear would: the sound on its way to the
// loudspeaker, over WebRTC (remote tracks) and over Web Audio (anything connected to a
// destination). Samples are kept at the context's own rate, so that pitch can be measured.
(() => {
  const heard = [];
  const connect = AudioNode.prototype.connect;
  const listen = (context, node) => {
    const analyser = context.createAnalyser();
    analyser.fftSize = 2048;
    connect.call(node, analyser);
    const window_ = new Float32Array(analyser.fftSize);
    setInterval(() => {
      analyser.getFloatTimeDomainData(window_);
      let sum = 0;
      for (const sample of window_) sum += sample * sample;
      heard.push({
        at_ms: performance.now(),
        rms: Math.sqrt(sum / window_.length),
        rate_hz: context.sampleRate,
        samples: Array.from(window_),
      });
    }, 20);
  };
  AudioNode.prototype.connect = function (target, ...rest) {
    if (target instanceof AudioDestinationNode) listen(this.context, this);
    return connect.call(this, target, ...rest);
  };
  const Peer = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Peer {
    constructor(...given) {
      super(...given);
      this.addEventListener("track", (event) => {
        const context = new AudioContext();
        listen(context, context.createMediaStreamSource(new MediaStream([event.track])));
      });
    }
  };
  window.__heard = () => heard;
})();
