// The page of the reading list: it shows what the server says of the session, and knows nothing else.

const $ = (id) => document.getElementById(id);

/** Asks the server, and shows what the session holds after that. */
async function ask(method, path, body) {
  const content = body && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(`/api/${path}`, { method, ...content });
  const answer = await response.json();
  $("problem").hidden = response.ok;
  if (response.ok) show(answer);
  else $("problem").textContent = answer.message;
}

function show({ user, books }) {
  $("login").hidden = user !== null;
  $("logout").hidden = user === null;
  $("user").textContent = user ?? "";
  $("empty").hidden = books.length > 0;
  $("books").replaceChildren(...books.map(item));
}

function item({ id, title, added, read }) {
  const one = $("book").content.cloneNode(true);
  const date = new Date(added);
  one.querySelector(".title").textContent = title;
  one.querySelector("time").dateTime = added;
  one.querySelector("time").textContent = date.toLocaleDateString(undefined, { day: "numeric", month: "short" });
  const checkbox = one.querySelector("input");
  checkbox.checked = read;
  checkbox.addEventListener("change", () => ask("PATCH", `books/${id}`));
  const remove = one.querySelector(".remove");
  remove.ariaLabel = `Remove ${title}`;
  remove.addEventListener("click", () => ask("DELETE", `books/${id}`));
  return one;
}

/** A form whose fields are sent, and which is empty afterwards. */
function onSubmit(id, send) {
  $(id).addEventListener("submit", async (event) => {
    event.preventDefault();
    await send(Object.fromEntries(new FormData(event.target)));
    event.target.reset();
  });
}

onSubmit("login", (fields) => ask("POST", "login", fields));
onSubmit("logout", () => ask("POST", "logout"));
onSubmit("add", (fields) => ask("POST", "books", fields));

// Another tab may have changed the session meanwhile.
addEventListener("focus", () => ask("GET", "shelf"));
await ask("GET", "shelf");
