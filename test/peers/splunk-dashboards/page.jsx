// Shows a dashboard with Splunk's own components. Searches are answered by the page's owner: window.answerSearch(query).
import { DashboardContextProvider } from '@splunk/dashboard-context'
import DashboardCore from '@splunk/dashboard-core'
import { createSchemaBasedOnPresets } from '@splunk/dashboard-definition'
import CloudViewOnlyPreset from '@splunk/dashboard-presets/CloudViewOnlyPreset'
import EnterpriseViewOnlyPreset from '@splunk/dashboard-presets/EnterpriseViewOnlyPreset'
import { DataSet } from '@splunk/datasource-utils'
import DataSource from '@splunk/datasources/DataSource'
import SplunkThemeProvider from '@splunk/themes/SplunkThemeProvider'
import { createRoot } from 'react-dom/client'

class AnsweredSearch extends DataSource {
  request() {
    return observer => {
      window.answerSearch(this.options).then(answer => {
        if (answer.error !== undefined) observer.error({ level: 'error', message: answer.error })
        else {
          const meta = { totalCount: answer.columns[0]?.length ?? 0, percentComplete: 100, status: 'done' }
          observer.next({ data: DataSet.fromJSONCols(answer.fields, answer.columns), meta })
        }
      })
      return () => {}
    }
  }
}
AnsweredSearch.config = { title: 'Search' }
AnsweredSearch.schema = EnterpriseViewOnlyPreset.dataSources['ds.search'].schema

const preset = {
  ...EnterpriseViewOnlyPreset,
  dataSources: { 'ds.search': AnsweredSearch, 'ds.chain': AnsweredSearch, 'ds.savedSearch': AnsweredSearch },
  // The input of Splunk Enterprise asks its server for presets.
  inputs: { ...EnterpriseViewOnlyPreset.inputs, 'input.timerange': CloudViewOnlyPreset.inputs['input.timerange'] },
}

window.dashboardSchema = () => createSchemaBasedOnPresets(EnterpriseViewOnlyPreset)

let shown
/** Show a dashboard in place of the one before. */
window.showDashboard = (definition, colorScheme) => {
  shown?.unmount()
  shown = createRoot(document.getElementById('root'))
  shown.render(
    <SplunkThemeProvider family="enterprise" colorScheme={colorScheme} density="comfortable">
      <DashboardContextProvider preset={preset} initialDefinition={definition}>
        <DashboardCore width="100%" height="auto" />
      </DashboardContextProvider>
    </SplunkThemeProvider>,
  )
}
