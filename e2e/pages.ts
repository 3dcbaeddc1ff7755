/** The page that stands for google.com: headings of several levels, and what tends to confuse readers of HTML. */
export const googlePage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Google</title>
<style>h1 { color: red } /* <h1>not a heading</h1> */</style>
<script>document.write('<h2>written by a script</h2>');</script>
</head>
<body>
<header><h1>Search the world&rsquo;s information</h1></header>
<main>
<h2>Advanced &amp; image search</h2>
<p>Google offers many special features to help you find exactly what you're looking for.</p>
<h2>Our
    <em>products</em></h2>
<h3>Gmail</h3><h3>Maps</h3>
<!-- <h2>commented out</h2> -->
<template><h2>in a template</h2></template>
</main>
<footer><h4>About Google</h4></footer>
</body>
</html>`;

export const googleHeadings = [
  { level: 1, text: 'Search the world’s information' },
  { level: 2, text: 'Advanced & image search' },
  { level: 2, text: 'Our products' },
  { level: 3, text: 'Gmail' },
  { level: 3, text: 'Maps' },
  { level: 4, text: 'About Google' },
];

export const MISSION_GOAL = 'Fetch HTML of google.com, extract headings, summarize them.';
