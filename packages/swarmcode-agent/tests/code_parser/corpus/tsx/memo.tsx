import { memo } from "react";

const Plain = memo(function Named({ a }: { a: number }) {
  return <p>{a}</p>;
});

export default Plain;

export const enum Size { S, M }
