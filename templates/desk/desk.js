// The issue's page with keys, tabs and a mail that follows each change. Everything it does is a press of what stands on
// the page already: without it the same buttons, links and forms work. htmx swaps the parts; drag.js moves rows.
(() => {
  const RESTS = 4000; // ms without a change after which the editions are made and checked
  const TOLD = 8000; // ms that what was said is shown where its place is out of sight
  const one = (query, within = document) => within.querySelector(query);
  const all = (query, within = document) => [...within.querySelectorAll(query)];
  document.documentElement.classList.add('script');

  // --- the version everybody's forms speak of -------------------------------------------------------------------
  const version = () => Number(one('#stories').dataset.version);
  const setVersion = (number) => {
    one('#stories').dataset.version = number;
    all('input[name=version]').forEach((field) => { field.value = number; });
  };
  const say = (words) => {
    const note = document.createElement('div');
    note.className = 'note warn';
    note.setAttribute('role', 'alert');
    const line = document.createElement('p');
    line.textContent = words;
    note.append(line);
    one('#said').replaceChildren(note);
  };

  // --- the mail -------------------------------------------------------------------------------------------------
  const mail = one('#mail');
  const home = mail.dataset.base.replace(/\/live$/, ''); // after an order the page's own address is that of the order
  let mark = '';
  const chosen = (query) => one(`${query}[aria-current]`);
  const show = () => {
    const face = chosen('[data-face]').dataset.face;
    const edition = one('#stories').dataset.edition;
    const address = `${mail.dataset.base}/${face}?edition=${edition}&v=${version()}${mark ? `#${mark}` : ''}`;
    mail.contentWindow.location.replace(address);
  };
  const choose = (link, query) => {
    all(query).forEach((other) => other.removeAttribute('aria-current'));
    link.setAttribute('aria-current', 'true');
  };
  mail.addEventListener('load', () => { mail.dataset.loaded = Number(mail.dataset.loaded || 0) + 1; });

  // --- rows -----------------------------------------------------------------------------------------------------
  let place = -1;
  let current = '';
  const rows = () => all('li.row');
  const row = () => rows().find((each) => each.dataset.id === current) || rows()[place];
  const select = (wanted, { load = true, focus = true } = {}) => {
    if (!wanted) return;
    rows().forEach((each) => each.removeAttribute('aria-current'));
    wanted.setAttribute('aria-current', 'true');
    [place, current, mark] = [rows().indexOf(wanted), wanted.dataset.id, wanted.dataset.mark];
    if (focus) wanted.focus();
    if (!load) return;
    show();
    tab('panel-story');
    htmx.trigger(one('[data-key=story]', wanted), 'click');
  };
  const step = (by) => select(rows()[Math.min(Math.max(place + by, 0), rows().length - 1)]);
  const press = (what) => soon(() => row() && one(`[data-key=${what}]`, row())?.click());

  // An order waits for the answer to the one before: that brings the version which it has to speak of.
  let busy = false;
  const waiting = [];
  const soon = (act) => { if (busy) waiting.push(act); else act(); };
  const free = () => { busy = false; waiting.shift()?.(); };
  document.body.addEventListener('htmx:beforeRequest', (event) => {
    const { elt, requestConfig, target } = event.detail;
    if (requestConfig.verb === 'post' && target.id === 'stories') busy = true;
    // Leaving a field is no answer to the question which of two texts it shall be.
    if (requestConfig.triggeringEvent?.type === 'change' && one(`[data-field="${elt.id}"]`)) event.preventDefault();
  });

  // --- tabs -----------------------------------------------------------------------------------------------------
  const tabs = all('#tabs a');
  const panelOf = (link) => document.getElementById(link.dataset.panel || link.hash.slice(1));
  const load = (link) => {
    const part = link.id === 'tab-comments' ? '#comments' : '#log';
    const story = link.id === 'tab-comments' && current ? `?story=${current}` : '';
    return htmx.ajax('GET', link.dataset.load + story, { target: part, select: part, swap: 'outerHTML' });
  };
  const tab = (id) => {
    tabs.forEach((link) => {
      const here = panelOf(link).id === id;
      link.setAttribute('aria-selected', here);
      link.tabIndex = here ? 0 : -1;
      panelOf(link).hidden = !here;
    });
    const link = tabs.find((each) => panelOf(each).id === id);
    return link.dataset.load ? load(link) : Promise.resolve();
  };
  one('#tabs').setAttribute('role', 'tablist');
  tabs.forEach((link, index) => {
    link.setAttribute('role', 'tab');
    link.setAttribute('aria-controls', panelOf(link).id);
    panelOf(link).setAttribute('role', 'tabpanel');
    panelOf(link).setAttribute('aria-labelledby', link.id);
    link.addEventListener('click', (event) => { event.preventDefault(); tab(panelOf(link).id); });
    link.addEventListener('keydown', (event) => {
      const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!by) return;
      const next = tabs[(index + by + tabs.length) % tabs.length];
      next.focus();
      tab(panelOf(next).id);
    });
  });
  tab(one('#checks .red') ? 'panel-checks' : 'panel-story');

  // --- what happens after a change --------------------------------------------------------------------------------
  let timer;
  const rest = () => {
    clearTimeout(timer);
    timer = setTimeout(() => document.body.dispatchEvent(new CustomEvent('rest')), RESTS);
  };
  const typing = (target) => target.closest('input:not([type=checkbox]):not([type=radio]),textarea,select');
  const refresh = () => htmx.ajax('GET', `${home}?edition=${one('#stories').dataset.edition}`, {
    target: '#stories', select: '#stories', swap: 'outerHTML',
  });
  document.body.addEventListener('saved', (event) => {
    if (event.detail.from === version()) setVersion(event.detail.version);
    else if (event.detail.version !== version()) say('Saved. Somebody else changed the issue as well: reload it to see.');
    show();
    rest();
  });
  document.body.addEventListener('htmx:beforeSwap', (event) => {
    const { xhr, target } = event.detail;
    if (xhr.getResponseHeader('content-type')?.startsWith('text/html') && !xhr.response.includes('/desk/sign-in"')) return;
    event.detail.shouldSwap = false;
    [busy, waiting.length] = [false, 0]; // signed out meanwhile: nothing that was typed is thrown away
    if (target) say('That did not work: you are signed out, or the server did not answer. Open the desk in another tab.');
  });
  document.body.addEventListener('htmx:sendError', () => {
    [busy, waiting.length] = [false, 0];
    say('The server cannot be reached. Nothing was saved; try again.');
  });
  // What was said stands on top: where that is out of sight, it is shown for a while at the foot as well.
  const tell = () => {
    const said = one('#said');
    if (!said.children.length || said.getBoundingClientRect().bottom > 0) return;
    said.classList.add('toast');
    setTimeout(() => said.classList.remove('toast'), TOLD);
  };
  document.body.addEventListener('htmx:afterSettle', (event) => {
    const { elt, requestConfig } = event.detail;
    const path = requestConfig?.path || '';
    if (/\/(order|replace|unpin|undo|redo|test)$/.test(path)) tell();
    if (!requestConfig || requestConfig.verb === 'get') {
      if (elt.id === 'stories') { setVersion(version()); select(row(), { load: false, focus: false }); show(); }
      return;
    }
    if (elt.id === 'story') { refresh().then(rest); return; }
    if (elt.id === 'said' && path.endsWith('/sending/test')) htmx.ajax('GET', home, { target: '#checks', select: '#checks', swap: 'outerHTML' });
    if (elt.id !== 'stories') return;
    setVersion(version());
    const focused = document.activeElement;
    select(row() || rows()[rows().length - 1], { load: false, focus: focused === document.body });
    if (path.endsWith('/replace') && row()) htmx.trigger(one('[data-key=story]', row()), 'click');
    show();
    rest();
    free();
  });
  document.body.addEventListener('click', (event) => {
    const pressed = event.target;
    const clicked = pressed.closest('li.row');
    if (clicked && clicked.dataset.id !== current) select(clicked, { load: false, focus: false });
    if (pressed.closest('[data-key=story],[data-key=replace],[data-key=candidates]')) tab('panel-story');
    if (pressed.closest('a[href="#panel-checks"]:not([role=tab])')) tab('panel-checks');
    const face = pressed.closest('[data-face],[data-width]');
    if (face) {
      event.preventDefault();
      choose(face, face.dataset.face ? '[data-face]' : '[data-width]');
      if (face.dataset.width) mail.className = `mailframe w${face.dataset.width}`;
      else show();
    }
    if (pressed.dataset.choose) settle(pressed);
  });
  const settle = (button) => {
    const clash = button.closest('[data-field]');
    const field = document.getElementById(clash.dataset.field);
    const theirs = one('[data-theirs]', clash).textContent;
    if (button.dataset.choose === 'theirs') field.value = theirs;
    one('input[type=hidden]', clash.parentElement).value = theirs; // the choice was made of it
    clash.remove();
    field.focus();
    htmx.trigger(field, 'change');
  };
  one('#variant select').addEventListener('change', (event) => event.target.form.submit());

  // --- keys -------------------------------------------------------------------------------------------------------
  const help = one('#help');
  const singles = one('#single-keys');
  singles.checked = localStorage.getItem('desk-keys') !== 'off';
  singles.addEventListener('change', () => localStorage.setItem('desk-keys', singles.checked ? 'on' : 'off'));
  one('#help-button').addEventListener('click', () => help.showModal());
  const edit = () => {
    const texts = row() && one('details.edit', row());
    if (!texts) return;
    texts.open = true;
    one('input[type=text]', texts).focus();
  };
  const search = () => {
    const found = one('#search');
    tab('panel-story');
    if (found) { found.focus(); return; }
    document.body.addEventListener('htmx:afterSettle', () => one('#search')?.focus(), { once: true });
    htmx.trigger(one('[data-key=candidates]'), 'click');
  };
  const comment = () => tab('panel-comments').then(() => one('#comments textarea')?.focus());
  const keys = {
    j: () => step(1), k: () => step(-1), p: () => press('pin'), x: () => press('drop'), r: () => press('replace'),
    l: () => press('lead'), e: edit, '/': search, t: () => one('#test')?.click(), c: comment, '?': () => help.showModal(),
  };
  document.addEventListener('keydown', (event) => {
    if (help.open || typing(event.target)) return;
    if (event.altKey && { ArrowUp: 1, ArrowDown: 1 }[event.key]) {
      event.preventDefault();
      press(event.key === 'ArrowUp' ? 'up' : 'down');
    } else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'z') {
      event.preventDefault();
      soon(() => one(event.shiftKey ? '#redo' : '#undo')?.click());
    } else if (!event.ctrlKey && !event.altKey && !event.metaKey && singles.checked) {
      const act = keys[event.key.toLowerCase()] || (/^[1-7]$/.test(event.key) && (() => all('[data-face]')[event.key - 1].click()));
      if (!act) return;
      event.preventDefault();
      act();
    }
  });
})();
