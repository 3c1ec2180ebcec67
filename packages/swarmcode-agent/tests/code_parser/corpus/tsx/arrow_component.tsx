import { useState } from "react";

export const Counter: React.FC<{ start: number }> = ({ start }) => {
  const [count, setCount] = useState(start);
  const bump = () => setCount(count + 1);
  return <button onClick={bump}>class Fake {count}</button>;
};
