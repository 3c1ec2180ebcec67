export const double = (n) => n * 2;

export const compose = (f, g) => {
  return (x) => f(g(x));
};

const later = async (work) => {
  await null;
  return work();
};
