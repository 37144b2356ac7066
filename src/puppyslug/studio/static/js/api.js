/** Requests to the HTTP API. A failed request throws an Error with the reason. */

async function request(path, options = {}) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Error("the studio is not responding; check that it is still running");
  }
  if (response.status === 204) return null;
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(body.detail ?? `the studio responded with status ${response.status}`);
  return body;
}

export const get = (path) => request(path);

const send = (method) => (path, body) =>
  request(path, body instanceof FormData
    ? { method, body }
    : { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body ?? {}) });

export const post = send("POST");

export const patch = send("PATCH");

export const remove = (path) => request(path, { method: "DELETE" });

export const dreamUrl = (id, resource = "") => `/api/dreams/${id}${resource && `/${resource}`}`;

/** Returns the URL of a small picture of a dream: the result, or what it starts from. */
export const thumbnailUrl = (dream) => (dream.photo || dream.width
  ? dreamUrl(dream.id, `thumbnail?${dream.status}`) : `/static/pictures/start-${dream.recipe.photo}.webp`);
