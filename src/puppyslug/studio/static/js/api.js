/** Requests to the studio; what goes wrong becomes an Error in words. */

async function request(path, options = {}) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Error("the studio does not answer; is it still running?");
  }
  if (response.status === 204) return null;
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(body.detail ?? `the studio answered ${response.status}`);
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

/** Where a dream's things are. */
export const at = (id, what = "") => `/api/dreams/${id}${what && `/${what}`}`;
