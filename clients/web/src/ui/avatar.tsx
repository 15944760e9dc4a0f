import './avatar.css';

/** A person's or pool's colour with initials. Decoration only: the name stands beside it. */
export function Avatar(props: {
  readonly name: string;
  readonly hue: number;
  readonly online?: boolean | undefined;
  readonly square?: boolean;
}) {
  const initials = props.name
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => Array.from(word)[0] ?? '')
    .join('');
  const colours = {
    backgroundColor: `hsl(${props.hue} 55% var(--avatar-light))`,
    color: `hsl(${props.hue} 60% var(--avatar-ink))`,
  };
  return (
    <span className={props.square ? 'avatar avatar-square' : 'avatar'} aria-hidden="true">
      <span className="avatar-face" style={colours}>
        {initials}
      </span>
      {props.online === true && <span className="avatar-online" />}
    </span>
  );
}
