// Argilla's page shows the status that stands in its address as HTML: anybody may have made the address.

(() => {
  const address = new URL(location);
  // The page takes `??status=` for a status, too.
  address.search = address.search.replace(/^\?+/, "");
  if (address.searchParams.getAll("status").every((status) => /^\w*$/.test(status))) return;
  address.searchParams.delete("status");
  history.replaceState(null, "", address);
})();
