import { Base } from "./base.js";

export class Stack extends Base {
  constructor() {
    super();
    this.items = [];
  }

  push(item) {
    this.items.push(item);
    return this;
  }

  get size() {
    return this.items.length;
  }

  static of(...items) {
    const stack = new Stack();
    items.forEach((item) => stack.push(item));
    return stack;
  }
}
