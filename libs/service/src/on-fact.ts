import {
  type ConsumerGroup,
  type FactData,
  type FactType,
  type TaskData,
  type TaskQueue,
  tasks,
  type TaskType,
} from '@cartwheel/contracts';
import { EventPattern } from '@nestjs/microservices';

/** The transport of a service's facts: those of the consumer group that has the service's name, or of another of its groups. */
export function factsTransport(group?: ConsumerGroup): symbol {
  return Symbol.for(group === undefined ? 'cartwheel facts' : `cartwheel facts of ${group}`);
}

/** The transport of the tasks of a queue. */
export function tasksTransport(queue: TaskQueue): symbol {
  return Symbol.for(`cartwheel tasks of ${queue}`);
}

type Method = (...given: never[]) => Promise<void>;
/** Nothing when the method's first parameter takes the contract's payload, else a sentence in the error of the compiler. */
type Takes<Data, M extends Method> = [Data] extends [Parameters<M>[0]]
  ? unknown
  : { readonly 'the payload of this method is not what the contract says': never };
type Handles<Data> = <M extends Method>(
  target: object,
  key: string | symbol,
  method: TypedPropertyDescriptor<M> & Takes<Data, M>,
) => void;

/**
 * Nest's `@EventPattern` for a fact, or for several: the method gets its data, and as `@Ctx()` a FactContext. What the first
 * parameter is declared as must take what the contract says. `group`: of a service with more groups than one.
 */
export function OnFact<T extends FactType>(type: T | readonly T[], group?: ConsumerGroup): Handles<FactData<T>> {
  return EventPattern(type, factsTransport(group));
}

/** The same for a task, whose contract says in which queue it is. The method gets a TaskContext. */
export function OnTask<T extends TaskType>(type: T): Handles<TaskData<T>> {
  return EventPattern(type, tasksTransport(tasks[type].queue)) as Handles<TaskData<T>>;
}
