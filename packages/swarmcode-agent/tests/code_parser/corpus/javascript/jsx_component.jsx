import React from "react";

export function Button({ label, onPress }) {
  return <button onClick={() => onPress(label)}>function not(here)</button>;
}

export const Row = ({ children }) => (
  <div className="row">
    {children}
  </div>
);
