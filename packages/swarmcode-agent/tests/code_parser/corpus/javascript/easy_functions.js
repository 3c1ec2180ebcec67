// Plain functions, one after the other.
function add(a, b) {
  return a + b;
}

async function load(url) {
  const answer = await fetch(url);
  return answer.json();
}

function* counter() {
  let number = 0;
  while (true) {
    yield number++;
  }
}
