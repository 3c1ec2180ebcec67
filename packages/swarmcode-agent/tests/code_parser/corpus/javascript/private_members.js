export default class Vault {
  #key = null;
  #open = (key) => key === this.#key;

  async *entries() {
    yield 1;
  }

  #check(key) {
    return this.#open(key);
  }

  set key(value) {
    this.#key = value;
  }
}
