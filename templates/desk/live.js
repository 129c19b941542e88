// Keeps what stands in #live up to date while a sending is under way; without it the page is right when it is loaded.
// The page may be the answer to an order, so it is asked for at the address that #live names.
(() => {
  const every = 3000;
  const look = async () => {
    const here = document.getElementById('live').dataset.live;
    try {
      const answer = await fetch(here, { credentials: 'same-origin' });
      if (!answer.ok || answer.redirected) return;
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const fresh = page.getElementById('live');
      const shown = document.getElementById('live');
      if (!fresh || !shown) return;
      if (fresh.innerHTML !== shown.innerHTML) shown.innerHTML = fresh.innerHTML;
      if (!fresh.dataset.live) { location.replace(here); return; }
    } catch {
      // The server is away for a moment: look again.
    }
    setTimeout(look, every);
  };
  setTimeout(look, every);
})();
