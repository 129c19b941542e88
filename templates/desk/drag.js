// Rows are dragged by their handle, with a mouse, a pen or a finger; dropping one fills in the form #dropping and sends
// it. The keyboard has Alt and the arrows for the same, and every row its own buttons.
(() => {
  let dragged = null; // the row
  let over = null; // the row it would stand before or after

  const clear = () => over && over.classList.remove('before', 'after');
  const at = (event) => document.elementFromPoint(event.clientX, event.clientY)?.closest('ol[data-list] > li.row');
  const end = () => {
    clear();
    dragged?.classList.remove('dragged');
    [dragged, over] = [null, null];
  };

  document.addEventListener('pointerdown', (event) => {
    const handle = event.target.closest('.handle');
    if (!handle || event.button) return;
    event.preventDefault();
    dragged = handle.closest('li.row');
    dragged.classList.add('dragged');
    handle.setPointerCapture(event.pointerId);
  });
  document.addEventListener('pointermove', (event) => {
    if (!dragged) return;
    const pane = dragged.closest('.pane');
    const edge = pane.getBoundingClientRect();
    if (event.clientY < edge.top + 40) pane.scrollBy(0, -20);
    if (event.clientY > edge.bottom - 40) pane.scrollBy(0, 20);
    const row = at(event);
    clear();
    over = row && row !== dragged ? row : null;
    if (!over) return;
    const box = over.getBoundingClientRect();
    const lead = over.parentElement.dataset.lead;
    over.classList.add(lead || event.clientY < box.top + box.height / 2 ? 'before' : 'after');
  });
  document.addEventListener('pointerup', () => {
    if (!dragged) return;
    const [row, target] = [dragged, over];
    const after = target?.classList.contains('after');
    end();
    if (!target) return;
    const list = target.parentElement;
    const others = [...list.querySelectorAll('li.row')].filter((each) => each !== row);
    const form = document.getElementById('dropping');
    form.elements.article.value = row.dataset.id;
    form.elements.list.value = list.dataset.list;
    form.elements.row.value = others.indexOf(target) + (after ? 2 : 1);
    form.requestSubmit();
  });
  document.addEventListener('pointercancel', end);
  document.addEventListener('keydown', (event) => event.key === 'Escape' && end());
})();
