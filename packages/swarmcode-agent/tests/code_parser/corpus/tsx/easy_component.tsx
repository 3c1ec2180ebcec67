import React from "react";

export interface Props {
  title: string;
}

export function Header(props: Props): JSX.Element {
  return <h1>{props.title}</h1>;
}
