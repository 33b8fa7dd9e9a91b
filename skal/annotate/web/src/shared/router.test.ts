import { expect, test } from 'vitest'
import { hrefOf, routeOf, type Route } from './router'

test.each<Route>([
  { screen: 'projects' },
  { screen: 'settings' },
  { screen: 'label', projectId: 'a b/ü' },
  { screen: 'model', projectId: '1' },
])('an address leads back to its screen: %o', (route) => {
  expect(routeOf(hrefOf(route))).toEqual(route)
})

test('what is no screen is said to be unknown', () => {
  expect(routeOf('#/p/1/nothing')).toEqual({ screen: 'unknown', path: '/p/1/nothing' })
})
