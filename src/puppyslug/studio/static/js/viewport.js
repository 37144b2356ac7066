/** Zoom and pan of pictures, the same for all of a group: by wheel, by dragging and by keys. */

const MAX_ZOOM = 16;
const KEY_STEP = 40; // pixels that an arrow key pans
const KEY_ZOOM = 1.25;

/** Lets the user zoom and pan the pictures inside an element, all of them together. */
export class Viewport {
  constructor(area, { selector = "img", tile = (node) => node.parentElement, canPan = () => true } = {}) {
    Object.assign(this, { area, selector, tile, canPan, zoom: 1, x: 0, y: 0 }); // x and y: shares of a tile
    area.addEventListener("wheel", (event) => this.onWheel(event), { passive: false });
    area.addEventListener("pointerdown", (event) => this.onPointerDown(event));
    area.addEventListener("pointermove", (event) => this.onPointerMove(event));
    for (const name of ["pointerup", "pointercancel"]) area.addEventListener(name, () => { this.drag = null; });
    area.addEventListener("dblclick", () => this.reset());
  }

  reset() {
    this.set(1, 0, 0);
  }

  /** Zooms by a factor about a point of a tile, which is given in shares of its size. */
  zoomBy(factor, px = 0.5, py = 0.5) {
    const zoom = Math.min(MAX_ZOOM, Math.max(1, this.zoom * factor));
    const ratio = zoom / this.zoom;
    this.set(zoom, px - (px - this.x) * ratio, py - (py - this.y) * ratio);
  }

  /** Handles a key; returns whether it did something. */
  onKey({ key }) {
    const pans = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    if (key === "+" || key === "=") this.zoomBy(KEY_ZOOM);
    else if (key === "-") this.zoomBy(1 / KEY_ZOOM);
    else if (key === "0") this.reset();
    else if (pans[key] && this.zoom > 1) {
      const { width, height } = this.box(this.pictures()[0]);
      this.set(this.zoom, this.x + pans[key][0] * KEY_STEP / width, this.y + pans[key][1] * KEY_STEP / height);
    } else return false;
    return true;
  }

  onWheel(event) {
    if (event.deltaY > 0 && this.zoom === 1) return; // the page scrolls
    const tile = this.tileAt(event);
    if (!tile) return;
    event.preventDefault();
    const box = tile.getBoundingClientRect();
    this.zoomBy(Math.exp(-event.deltaY / 400), (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  }

  onPointerDown(event) {
    const tile = this.tileAt(event);
    if (!tile || this.zoom === 1 || event.button !== 0 || !this.canPan()) return;
    event.preventDefault();
    this.area.setPointerCapture(event.pointerId);
    this.drag = { x: event.clientX, y: event.clientY, box: tile.getBoundingClientRect() };
  }

  onPointerMove(event) {
    if (!this.drag) return;
    const { x, y, box } = this.drag;
    this.set(this.zoom, this.x + (event.clientX - x) / box.width, this.y + (event.clientY - y) / box.height);
    Object.assign(this.drag, { x: event.clientX, y: event.clientY });
  }

  tileAt(event) {
    return this.pictures().map(this.tile).find((tile) => tile.contains(event.target));
  }

  pictures() {
    return [...this.area.querySelectorAll(this.selector)];
  }

  box(picture) {
    return this.tile(picture).getBoundingClientRect();
  }

  set(zoom, x, y) {
    const limit = (value) => Math.min(0, Math.max(1 - zoom, value));
    Object.assign(this, { zoom, x: limit(x), y: limit(y) });
    this.apply();
  }

  apply() {
    for (const picture of this.pictures()) {
      picture.style.transformOrigin = "0 0";
      picture.style.transform = this.zoom === 1 ? "" : `translate(${100 * this.x}%, ${100 * this.y}%) scale(${this.zoom})`;
    }
    this.area.dataset.zoomed = this.zoom > 1 ? "yes" : "";
  }
}
