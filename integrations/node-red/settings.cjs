/** Node-RED for the test: the flows alone, without editor, on this machine. */
module.exports = {
  flowFile: `${__dirname}/flows.json`,
  readOnly: true,
  uiHost: '127.0.0.1',
  httpAdminRoot: false,
  functionExternalModules: true,
  externalModules: { autoInstall: false, palette: { allowInstall: false }, modules: { allowInstall: false } },
  logging: { console: { level: 'info', metrics: false, audit: false } },
};
