import { Switch } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { LANGUAGES } from '../../shared/i18n'
import { shortKey } from '../../shared/keys/model'
import { useKeysOf } from '../../shared/keys/useKeys'
import { MOTIONS, PAINTERS, prefer, THEMES, usePreferences } from '../../shared/settings/store'
import { Choice } from './Choice'
import { Row, Section } from './Section'

/** How it looks, on this computer. */
export const LookSettings = () => {
  const { t } = useTranslation()
  const keysOf = useKeysOf()
  const { language, theme, motion, painter, showsPredictions } = usePreferences()
  return (
    <Section title={t('settings.look')}>
      <Row name={t('settings.language')}>
        {(id) => (
          <Choice
            labelId={id}
            values={LANGUAGES}
            names={(value) => t(`settings.languages.${value}`)}
            value={language}
            onChoose={(value) => prefer({ language: value })}
          />
        )}
      </Row>
      <Row name={t('settings.theme')}>
        {(id) => (
          <Choice
            labelId={id}
            values={THEMES}
            names={(value) => t(`settings.themes.${value}`)}
            value={theme}
            onChoose={(value) => prefer({ theme: value })}
          />
        )}
      </Row>
      <Row name={t('settings.motion')}>
        {(id) => (
          <Choice
            labelId={id}
            values={MOTIONS}
            names={(value) => t(`settings.motions.${value}`)}
            value={motion}
            onChoose={(value) => prefer({ motion: value })}
          />
        )}
      </Row>
      <Row name={t('settings.painter')}>
        {(id) => (
          <Choice
            labelId={id}
            values={PAINTERS}
            names={(value) => t(`settings.painters.${value}`)}
            value={painter}
            onChoose={(value) => prefer({ painter: value })}
          />
        )}
      </Row>
      <Row
        name={t('settings.showPredictions')}
        hint={t('settings.showPredictionsHint', { key: shortKey(keysOf('predictions')) })}
      >
        {(id) => (
          <Switch
            aria-labelledby={id}
            checked={showsPredictions}
            onChange={(event) => prefer({ showsPredictions: event.currentTarget.checked })}
          />
        )}
      </Row>
    </Section>
  )
}
