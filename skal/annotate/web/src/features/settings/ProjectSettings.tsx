import { NumberInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ProjectState, SettingsPatch } from '../../shared/api/types'
import { useChangeSettings, useProjectState, useSession } from '../../shared/project/queries'
import { toast, toastError } from '../../shared/ui/toasts'
import { Choice } from './Choice'
import { LEARNERS, MODES, POLICIES, STRATEGIES, wholeWithin } from './model'
import { Row, Section } from './Section'
import styles from './Settings.module.css'
import { NativeChoice } from './NativeChoice'

/** How a project learns and shows: the same for all who label in it. */
export const ProjectSettings = ({ projectId }: { projectId: string | null }) => {
  const { t } = useTranslation()
  if (projectId === null) return <Section title={t('settings.labeling')} hint={t('settings.noProject')}>{null}</Section>
  return <OfProject projectId={projectId} />
}

const OfProject = ({ projectId }: { projectId: string }) => {
  const { t } = useTranslation()
  const { data: state } = useProjectState(projectId)
  const { data: session } = useSession()
  const change = useChangeSettings(projectId)
  if (state === undefined || session === undefined) return null
  const isFixed = session.role !== 'owner' || state.is_read_only
  const save = (changes: SettingsPatch) =>
    change.mutate(changes, { onError: toastError, onSuccess: () => toast('success', t('settings.saved')) })
  return (
    <Section title={t('settings.project', { name: state.name })} {...(isFixed ? { hint: t('settings.ownerOnly') } : {})}>
      {change.error !== null && (
        <p role="alert" className={styles.error}>
          {t('settings.failed')} {change.error.message}
        </p>
      )}
      <TrainingRows state={state} isFixed={isFixed} save={save} />
      <LearningRows state={state} isFixed={isFixed} save={save} />
    </Section>
  )
}

type RowsProps = { state: ProjectState; isFixed: boolean; save: (changes: SettingsPatch) => void }

const TrainingRows = ({ state, isFixed, save }: RowsProps) => {
  const { t } = useTranslation()
  const { auto_train: auto, batch_size: size } = state.settings
  return (
    <>
      <Row name={t('settings.autoTrain')}>
        {(id) => (
          <NativeChoice
            labelId={id}
            values={POLICIES}
            names={(value) => t(`settings.policies.${value}`)}
            value={auto.policy}
            isDisabled={isFixed}
            onChoose={(policy) => save({ auto_train: { ...auto, policy } })}
          />
        )}
      </Row>
      {auto.policy === 'every' && (
        <Row name={t('settings.every')}>
          {(id) => (
            <Whole labelId={id} value={auto.every} max={10_000} isDisabled={isFixed} onChange={(every) => save({ auto_train: { ...auto, every } })} />
          )}
        </Row>
      )}
      <Row name={t('settings.batchSize')}>
        {(id) => (
          <Whole labelId={id} value={size} max={1000} isDisabled={isFixed} onChange={(batch_size) => save({ batch_size })} />
        )}
      </Row>
    </>
  )
}

const LearningRows = ({ state, isFixed, save }: RowsProps) => {
  const { t } = useTranslation()
  const { settings } = state
  return (
    <>
      <Row name={t('settings.predictions')} hint={t('settings.predictionsHint')}>
        {(id) => (
          <Choice
            labelId={id}
            values={MODES}
            names={(value) => t(`settings.predictionModes.${value}`)}
            value={settings.predictions}
            isDisabled={isFixed}
            onChoose={(predictions) => save({ predictions })}
          />
        )}
      </Row>
      <Row name={t('settings.strategy')}>
        {(id) => (
          <NativeChoice
            labelId={id}
            values={STRATEGIES}
            names={(value) => t(`strategies.${value}`)}
            value={settings.strategy}
            isDisabled={isFixed}
            onChoose={(strategy) => save({ strategy })}
          />
        )}
      </Row>
      <Row name={t('settings.learner')}>
        {(id) => (
          <NativeChoice
            labelId={id}
            values={LEARNERS}
            names={(value) => t(`learners.${value}`)}
            value={settings.model}
            isDisabled={isFixed}
            onChoose={(model) => save({ model })}
          />
        )}
      </Row>
    </>
  )
}

type WholeProps = {
  labelId: string
  value: number
  max: number
  isDisabled: boolean
  onChange: (value: number) => void
}

/** A whole number, which is saved when the field is left. */
const Whole = ({ labelId, value, max, isDisabled, onChange }: WholeProps) => {
  const [text, setText] = useState<string | number>(value)
  const leave = () => {
    const whole = wholeWithin(text, 1, max) ?? value
    setText(whole)
    if (whole !== value) onChange(whole)
  }
  return (
    <NumberInput
      aria-labelledby={labelId}
      className={styles.number}
      hideControls
      min={1}
      max={max}
      disabled={isDisabled}
      value={text}
      onChange={setText}
      onBlur={leave}
      onKeyDown={(event) => event.key === 'Enter' && leave()}
    />
  )
}
