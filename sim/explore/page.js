$(document).on('shiny:disconnected', () => $('#gone').show());
Shiny.addCustomMessageHandler('address', ({ search }) => {
  if (location.search !== search) history.pushState(null, '', location.pathname + search);
});
addEventListener('popstate', () => location.reload());
Shiny.inputBindings.register(new (class extends Shiny.InputBinding {
  find(scope) { return $(scope).find('.lever input'); }
  getValue(lever) { return Number(lever.value); }
  subscribe(lever, tell) {
    const show = () => $(lever).siblings('output').text(Number(Number(lever.value).toPrecision(3)));
    $(lever).on('input.lever', show).on('change.lever', () => { show(); tell(false); });
    show();
  }
  unsubscribe(lever) { $(lever).off('.lever'); }
  receiveMessage(lever, { value }) { $(lever).val(value).trigger('change'); }
})(), 'overblock.lever');
