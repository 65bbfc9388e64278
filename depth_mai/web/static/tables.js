// Sorts a table by a click on a heading, and enlarges a picture by a click.
'use strict';

for (const table of document.querySelectorAll('table')) {
  for (const button of table.querySelectorAll('thead button')) {
    button.addEventListener('click', () => {
      const head = button.closest('th');
      const column = Number(head.dataset.column);
      const before = head.getAttribute('aria-sort');
      const down = before ? before === 'ascending'
        : head.dataset.first === 'descending';
      for (const other of table.querySelectorAll('th[aria-sort]'))
        other.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
      const key = row => row.cells[column].dataset.value ?? '';
      const rows = [...table.tBodies[0].rows].sort((a, b) => {
        const x = key(a), y = key(b);
        if (x === '' || y === '') return (x === '') - (y === '');
        const order = isNaN(x) || isNaN(y) ? x.localeCompare(y) : x - y;
        return down ? -order : order;
      });
      table.tBodies[0].append(...rows);
    });
  }
}

for (const button of document.querySelectorAll('.picture button'))
  button.addEventListener('click', () =>
    button.parentElement.classList.toggle('zoomed'));
