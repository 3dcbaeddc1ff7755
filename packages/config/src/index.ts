/** Floor 1: reads the environment, once and whole. Knows no service, no database, no network. */
export { loadConfig, type Config, type Environment, type QueryConnection } from './config.ts';
export { loadLocalConfig, type LocalConfig } from './local-config.ts';
export { settings, type SettingName } from './settings.ts';
export { loadPrepareConfig, type PrepareConfig } from './prepare-config.ts';
