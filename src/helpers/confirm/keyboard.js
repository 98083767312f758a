// JupyterLab takes letters and arrows for its own while a button or a list has the focus, unless told not to;
// the field of the keys gets the focus when it is there.
setTimeout(() => {
  const area = element.closest('.jp-OutputArea');
  area.addEventListener('focusin', event => { event.target.dataset.lmSuppressShortcuts = true; });
  const wait = setInterval(() => {
    const field = area.querySelector('.evidence-key input');
    if (field) { clearInterval(wait); field.focus(); area.scrollIntoView(); }
  }, 200);
});
