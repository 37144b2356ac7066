/** Opens the camera. What is missing is an Error that says what to do. */

const MAX_SIDE = 640; // pixels
const QUALITY = 0.8;
const REASONS = {
  NotAllowedError: "the browser was not allowed to use the camera; allow it beside the address, and start again",
  NotFoundError: "there is no camera; plug one in, and start again",
  NotReadableError: "the camera is used by another program; close that, and start again",
};

export async function openCamera(video) {
  if (!window.isSecureContext || !navigator.mediaDevices?.getUserMedia) {
    throw new Error("browsers allow the camera on the studio's own computer (http://localhost) and over https only; "
      + "open the page there");
  }
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { width: { ideal: MAX_SIDE }, height: { ideal: 360 }, facingMode: "user" },
    });
  } catch (error) {
    throw new Error(REASONS[error.name] ?? `the camera does not start: ${error.message}`);
  }
  video.srcObject = stream;
  await video.play();
  return new Camera(video, stream);
}

class Camera {
  constructor(video, stream) {
    this.video = video;
    this.stream = stream;
    this.canvas = document.createElement("canvas");
    this.context = this.canvas.getContext("2d", { alpha: false });
  }

  /** Returns the current frame as a JPEG; null if there is none yet. */
  async capture() {
    const { videoWidth, videoHeight } = this.video;
    if (!videoWidth) return null;
    const scale = Math.min(1, MAX_SIDE / Math.max(videoWidth, videoHeight));
    const [width, height] = [videoWidth, videoHeight].map((side) => Math.round(side * scale));
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    this.context.drawImage(this.video, 0, 0, width, height);
    return new Promise((resolve) => { this.canvas.toBlob(resolve, "image/jpeg", QUALITY); });
  }

  close() {
    for (const track of this.stream.getTracks()) track.stop();
    this.video.srcObject = null;
  }
}
