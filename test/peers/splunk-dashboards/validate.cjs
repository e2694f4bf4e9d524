// Reads dashboards by name from standard input and prints what Splunk's validator says of each: null, or its errors.
//   validate.cjs SCHEMA
// Current validators know dashboards with tabs only; what ships has the older form, which Splunk turns into that when it opens it.
const { readFileSync } = require('node:fs')
const { DashboardValidator } = require('@splunk/dashboard-validation')
const { migrateToTabsLayout } = require('@splunk/dashboard-utils')

console.warn = () => {}
const validator = new DashboardValidator()
validator.setSchema(JSON.parse(readFileSync(process.argv[2], 'utf8')))
const dashboards = JSON.parse(readFileSync(0, 'utf8'))
const verdicts = Object.entries(dashboards).map(([name, definition]) => {
  const migrated = migrateToTabsLayout({ definition })
  return [name, migrated.success ? validator.validate(migrated.definition) : migrated]
})
process.stdout.write(JSON.stringify(Object.fromEntries(verdicts)))
