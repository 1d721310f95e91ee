// Replaces the page's main part when the server says that something changed. Without scripts the page
// is read as it was served.
const main = document.querySelector("main");
let busy = false, again = false;
async function refresh() {
  if (busy) { again = true; return; }
  busy = true;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (answer.ok) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const next = page.querySelector("main");
      if (next && next.innerHTML !== main.innerHTML) main.replaceChildren(...next.childNodes);
    }
  } catch { /* the stream tells when the server is back */ }
  busy = false;
  if (again) { again = false; refresh(); }
}
const stream = new EventSource("/live");
stream.addEventListener("changed", refresh);
stream.addEventListener("open", refresh);
