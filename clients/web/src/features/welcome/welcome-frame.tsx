import type { ReactNode } from 'react';
import './welcome.css';

export function WelcomeFrame(props: { readonly title: string; readonly children: ReactNode }) {
  return (
    <main className="welcome">
      <div className="welcome-card">
        <p className="welcome-brand">
          <img src="/icon.svg" alt="" width="40" height="40" />
          Rockpool
        </p>
        <h1>{props.title}</h1>
        {props.children}
      </div>
    </main>
  );
}
