/* eslint-disable unicorn/require-post-message-target-origin -- a BroadcastChannel has one origin only */
// Two tabs that press together, and hear of each other; and many requests at once. All of it works by plain forms too.
const channel = new BroadcastChannel("tabs");
const pane = document.querySelector("#pane");
const burst = document.querySelector("#burst form");

/** Puts the part of a fresh page in place of the one that is shown. */
async function show(page, selector) {
  const fresh = new DOMParser().parseFromString(await page.text(), "text/html");
  document.querySelector(selector).replaceChildren(...fresh.querySelector(selector).childNodes);
}

if (pane !== null) {
  let waiting = 0;

  pane.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { target, submitter } = event;
    waiting++;
    target.classList.add("waiting");
    try {
      const body = new URLSearchParams(new FormData(target, submitter));
      await show(await fetch(target.action, { method: "POST", body }), "#pane");
    } finally {
      waiting--;
      target.classList.remove("waiting");
    }
    channel.postMessage({ changed: true });
  });

  channel.addEventListener("message", async ({ data }) => {
    if (data.press) document.querySelector(`[data-press="${data.press}"]`).click();
    else if (data.changed && waiting === 0) await show(await fetch(location.href), "#pane");
  });
}

if (burst !== null) {
  const together = document.querySelector(".together");
  together.hidden = false;
  together.addEventListener("click", ({ target }) => {
    if (target.dataset.together) channel.postMessage({ press: target.dataset.together });
  });

  burst.addEventListener("submit", async (event) => {
    event.preventDefault();
    const post = (path) => fetch(path, { method: "POST" });
    const size = Number(burst.dataset.size);
    burst.querySelector("button").disabled = true;
    await post("/tabs/burst/start");
    await Promise.all(Array.from({ length: size }, (_, index) => post(`/tabs/burst/${index + 1}`)));
    await show(await fetch("/tabs"), "#burst .result");
    burst.querySelector("button").disabled = false;
  });
}
