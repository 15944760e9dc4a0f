import type { ButtonHTMLAttributes, ReactNode } from 'react';
import './button.css';

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly look?: 'primary' | 'plain' | 'quiet' | undefined;
  readonly icon?: ReactNode;
  /** Something is under way: no second press, and screen readers are told. */
  readonly busy?: boolean | undefined;
}

export function Button({ look = 'plain', icon, busy, children, className, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      className={`button button-${look} ${className ?? ''}`}
      disabled={rest.disabled === true || busy === true}
      aria-busy={busy}
    >
      {icon}
      {children !== undefined && <span>{children}</span>}
    </button>
  );
}

/** A square button that shows only an icon; its label is read out and shown as a tooltip. */
export function IconButton({
  label,
  icon,
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & { readonly label: string; readonly icon: ReactNode }) {
  return (
    <button type="button" {...rest} className="icon-button" aria-label={label} title={label}>
      {icon}
    </button>
  );
}
