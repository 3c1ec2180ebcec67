const handlers = {
  open() {
    return "open";
  },
  close: function () {
    return "closed";
  },
  toggle: (state) => !state,
  count: 3,
};

export default handlers;
