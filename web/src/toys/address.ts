// The address of a toy's page: what follows its # are the controls that are not at their defaults.

export type Controls = Record<string, string>;

export function addressControls(defaults: Controls): Controls {
  const given = new URLSearchParams(location.hash.slice(1));
  return Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => [name, given.get(name) ?? value]),
  );
}

export function writeControls(controls: Controls, defaults: Controls): void {
  const changed = Object.entries(controls).filter(([name, value]) => value !== defaults[name]);
  const text = new URLSearchParams(changed).toString();
  history.replaceState(null, "", text === "" ? location.pathname + location.search : `#${text}`);
}
