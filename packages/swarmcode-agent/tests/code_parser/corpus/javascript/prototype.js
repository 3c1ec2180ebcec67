function Animal(name) {
  this.name = name;
}

Animal.prototype.speak = function () {
  return this.name + " speaks";
};

Animal.create = function create(name) {
  return new Animal(name);
};
