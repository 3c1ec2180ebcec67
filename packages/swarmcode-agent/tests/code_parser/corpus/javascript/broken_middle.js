function before() {
  return 1;
}

function broken( {

function after() {
  return 2;
}
