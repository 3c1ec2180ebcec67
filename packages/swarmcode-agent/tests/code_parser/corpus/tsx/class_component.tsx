import { Component } from "react";

export default class Clock extends Component<Props, State> {
  state = { now: 0 };

  tick = () => {
    this.setState({ now: 1 });
  };

  render() {
    return <time>{this.state.now}</time>;
  }
}
