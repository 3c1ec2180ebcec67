const Shape = class {
  area() {
    return 0;
  }
};

const Square = class Named extends Shape {
  area() {
    return 4;
  }
};
