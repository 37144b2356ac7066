/** Bars of the classes that a network sees in a picture. */

const SMALL_SIDE = 512; // pixels; a network sees less than that

/** Fills a list with a bar for each class; a bar can be pressed if there is an action for it. */
export function showBars(list, { classes, sure }, onPress = null) {
  list.replaceChildren(...classes.map((one) => {
    const item = document.createElement("li");
    const bar = document.createElement(onPress ? "button" : "div");
    bar.className = "bar";
    if (onPress) {
      bar.type = "button";
      bar.ariaPressed = "false";
      bar.addEventListener("click", () => onPress(one, bar));
    }
    const fill = document.createElement("span");
    fill.className = "fill";
    fill.style.width = `${100 * one.probability}%`;
    const name = Object.assign(document.createElement("span"), { className: "bar-name", textContent: one.name });
    const share = Object.assign(document.createElement("span"), { className: "bar-share", textContent: formatShare(one.probability) });
    bar.append(fill, name, share);
    item.append(bar);
    return item;
  }));
  list.dataset.sure = sure ? "yes" : "no";
}

const formatShare = (probability) => (probability < 0.005 ? "<1 %" : `${Math.round(100 * probability)} %`);

/** Returns a form with a picture, scaled down by the browser if it can decode it. */
export async function pictureForm(file) {
  const data = new FormData();
  let small = file;
  try {
    const picture = await createImageBitmap(file);
    const scale = Math.min(1, SMALL_SIDE / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(picture.width * scale));
    canvas.height = Math.max(1, Math.round(picture.height * scale));
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    small = await new Promise((resolve) => { canvas.toBlob(resolve, "image/png"); });
  } catch { /* a format that the browser cannot decode: the studio can */ }
  data.append("photo", small, file.name);
  return data;
}
