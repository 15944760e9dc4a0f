// What a browser shows while no node answers. It asks again by itself.

export const NO_NODE_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="refresh" content="2">
<meta name="viewport" content="width=device-width">
<title>Rockpool is starting</title>
<h1>Rockpool is not ready yet</h1>
<p>None of its servers answers at the moment. They may be starting, or being started again.
This page looks again every two seconds.</p>
<p>Open conversations go on meanwhile: they run directly between devices.</p>
</html>
`;
