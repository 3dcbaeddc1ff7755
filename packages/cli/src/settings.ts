/** What the environment says, read once. */
export interface Settings {
  readonly url: string | undefined;
  readonly apiKey: string | undefined;
  readonly apiKeyFile: string | undefined;
  readonly alertmanagerUrl: string | undefined;
  readonly databaseUrl: string | undefined;
  readonly databaseUrlFile: string | undefined;
  /** The folder of a local stack. */
  readonly home: string;
  /** NO_COLOR, TERM=dumb or CI: no colour, no repainting. */
  readonly plain: boolean;
  readonly program: string;
  /** Who is logged in at the machine. */
  readonly user: string | undefined;
  /** npm runs a script in the folder of the package and keeps the user's own in INIT_CWD. */
  readonly folder: string | undefined;
}

export function settingsOf(
  environment: Readonly<Record<string, string | undefined>>,
  home: string,
): Settings {
  const given = (name: string) => environment[name]?.trim() || undefined;
  const byNpm = given('npm_lifecycle_event') === 'aos';
  const ci = given('CI');
  return {
    url: given('AOS_URL'),
    apiKey: given('AOS_API_KEY'),
    apiKeyFile: given('AOS_API_KEY_FILE'),
    alertmanagerUrl: given('ALERTMANAGER_URL'),
    databaseUrl: given('DATABASE_URL'),
    databaseUrlFile: given('DATABASE_URL_FILE'),
    home: given('AOS_HOME') ?? home,
    plain:
      given('NO_COLOR') !== undefined ||
      given('TERM') === 'dumb' ||
      (ci !== undefined && ci !== 'false'),
    program: byNpm ? 'npm run aos --' : 'aos',
    user: given('USER') ?? given('LOGNAME'),
    folder: byNpm ? given('INIT_CWD') : undefined,
  };
}
