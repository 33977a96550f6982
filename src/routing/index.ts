// Where an exchange goes: the plan, and which channels rest.

export { conversationOf, type Stickiness } from './conversation.ts'
export { type Cooldowns, cooldowns } from './cooldown.ts'
export { type Candidate, type PlanInput, plan, takesChoices } from './plan.ts'
