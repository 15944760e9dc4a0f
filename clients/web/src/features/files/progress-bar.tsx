import './progress-bar.css';

export function ProgressBar(props: {
  readonly label: string;
  readonly value: number;
  readonly max: number;
}) {
  return (
    <progress
      className="progress-bar"
      aria-label={props.label}
      value={props.value}
      max={props.max}
    />
  );
}
