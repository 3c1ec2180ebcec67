const path = require("path");
const { readFile } = require('fs');

exports.join = function (a, b) {
  return path.join(a, b);
};

module.exports.read = async (name) => {
  return readFile(name);
};

module.exports.VERSION = "1";
