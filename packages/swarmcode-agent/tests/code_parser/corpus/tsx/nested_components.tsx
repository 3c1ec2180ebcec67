type ListProps = { items: string[] };

export const List = ({ items }: ListProps) => {
  function Item({ text }: { text: string }) {
    return <li>{text}</li>;
  }
  return <ul>{items.map((text) => <Item key={text} text={text} />)}</ul>;
};
