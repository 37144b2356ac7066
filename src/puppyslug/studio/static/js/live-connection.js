/** The WebSocket of the page Live: sends frames no faster than they are taken, and shows the newest. */

const NAME_BYTES = 8; // in front of a JPEG: when it was captured
const MAX_UNANSWERED = 3;
const ANSWER_TIMEOUT = 1500; // milliseconds after which frames without an answer no longer count

export class LiveConnection {
  constructor(camera, { look, fps, onFrame, onMessage, onEnd }) {
    Object.assign(this, { camera, onFrame, onMessage, unanswered: [], newest: 0 });
    const address = new URL("/api/live", location.href);
    address.protocol = address.protocol.replace("http", "ws");
    this.socket = new WebSocket(address);
    this.socket.binaryType = "arraybuffer";
    this.socket.addEventListener("open", () => {
      this.send({ look: withoutNull(look()), fps });
      this.timer = setInterval(() => this.sendFrame(), 1000 / fps);
    });
    this.socket.addEventListener("message", ({ data }) => this.receive(data));
    this.socket.addEventListener("close", () => {
      clearInterval(this.timer);
      if (!this.isClosed) onEnd();
    });
  }

  send(message) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  async sendFrame() {
    const now = performance.now();
    this.unanswered = this.unanswered.filter((time) => now < time + ANSWER_TIMEOUT); // others were dropped
    if (this.isBusy || document.hidden || this.socket.bufferedAmount) return;
    if (this.unanswered.length >= MAX_UNANSWERED) return;
    this.isBusy = true;
    try {
      const jpeg = await this.camera.capture();
      if (!jpeg || this.socket.readyState !== WebSocket.OPEN) return;
      this.socket.send(new Blob([new Float64Array([now]), jpeg]));
      this.unanswered.push(now);
    } finally {
      this.isBusy = false;
    }
  }

  async receive(data) {
    if (typeof data === "string") {
      const message = JSON.parse(data);
      this.isClosed ||= Boolean(message.error);
      this.onMessage(message);
      return;
    }
    const [captured] = new Float64Array(data.slice(0, NAME_BYTES));
    this.unanswered = this.unanswered.filter((time) => time > captured); // earlier ones were dropped
    if (captured < this.newest) return;
    this.newest = captured;
    const bitmap = await createImageBitmap(new Blob([data.slice(NAME_BYTES)], { type: "image/jpeg" }));
    if (captured === this.newest && !this.isClosed) this.onFrame(bitmap, performance.now() - captured);
  }

  close() {
    this.isClosed = true;
    clearInterval(this.timer);
    this.socket.close();
  }
}

const withoutNull = (settings) => Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null));
